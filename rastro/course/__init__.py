"""The course's labs (docs/pt-BR/curso/): what each leaves behind, looked for on the local stack. Speaks Portuguese."""
