"""Checks what a lab leaves behind when it was done as written. Each check only asks a `LabStack`."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from rastro.course import alarms
from rastro.course.lab_stack import Finding, LabStack

BOTH = 2
FUSED = 3
"""Events of `fusao`: two, and the one between them."""


def first_event(lab_stack: LabStack) -> Iterator[Finding]:
    yield Finding(
        "o evento de `aluno` está na tabela events",
        lab_stack.count("events WHERE visitor_id = 'aluno'") >= 1,
        "poste o evento do passo 3 e rode: rastro tables --visitor aluno",
    )
    yield Finding(
        "ele tem sessão",
        lab_stack.count("events WHERE visitor_id = 'aluno' AND session_id IS NOT NULL") >= 1,
        "sem session_id não há sessão: o consumidor está no ar? rastro doctor",
    )
    yield Finding(
        "repetir não o contou duas vezes",
        lab_stack.count("events WHERE visitor_id = 'aluno' AND event_name = 'page_view'") == 1,
        "o passo 4 repete os mesmos bytes, com o mesmo event_id; um id novo é outro evento",
    )
    yield Finding(
        "o evento sem nome foi recusado e está guardado",
        lab_stack.count('rejected WHERE payload LIKE \'%"visitor_id":"aluno"%\'') >= 1,
        "faça o passo 5 e rode de novo: rastro tables",
    )


def way_of_an_event(lab_stack: LabStack) -> Iterator[Finding]:
    rows = lab_stack.rows("SELECT channel, session_id FROM events WHERE visitor_id = 'viajante'")
    yield Finding(
        "o evento de `viajante` chegou",
        len(rows) == 1,
        "poste o evento do passo 1 e rode: rastro tables --visitor viajante",
    )
    channel = rows[0]["channel"] if rows else None
    yield Finding(
        "a sua resposta é o canal do evento",
        bool(channel) and lab_stack.answer.strip().lower() == str(channel).lower(),
        'procure channel na tela do passo 3 e responda: rastro curso verificar 2 "O CANAL"',
    )


def instrumented_shop(lab_stack: LabStack) -> Iterator[Finding]:
    mine = "events WHERE page_path LIKE '%/minha-loja/%'"
    names = (
        ("page_view", "o tracker na página"),
        ("view_item", "gtag, pelo dataLayer"),
        ("add_to_cart", "o adaptador da VTEX"),
        ("begin_checkout", "o adaptador da Nuvemshop"),
    )
    for name, from_where in names:
        yield Finding(
            f"{name} chegou ({from_where})",
            lab_stack.count(f"{mine} AND event_name = '{name}'") >= 1,
            "abra a página com ?rastro_debug=1 e leia o console do navegador",
        )
    listed = ", ".join(f"'{name}'" for name, _ in names)
    whole = lab_stack.rows(
        f"SELECT session_id FROM {mine} AND event_name IN ({listed}) GROUP BY visitor_id, session_id"  # noqa: S608 - the course's own text
        f" HAVING count(DISTINCT event_name) = {len(names)}"
    )
    yield Finding(
        "todos são de um visitante e de uma sessão",  # of one look at the page; there may be more
        bool(whole),
        "abra a página outra vez no mesmo navegador, e depois: rastro tables",
    )


def sessions(lab_stack: LabStack) -> Iterator[Finding]:
    """A second try takes names with another ending, as the page says: fusao2 and so on."""

    def visitors(name: str) -> list[dict[str, Any]]:
        """Of each visitor of this name and any ending what their events and sessions came to."""
        return lab_stack.rows(
            "SELECT e.visitor_id, bool_and(e.is_late) AS late, count(DISTINCT e.session_id) AS sessions,"  # noqa: S608 - our own text
            " count(DISTINCT e.event_id) AS events, count(DISTINCT e.event_date) AS days,"
            " (SELECT count(*) FROM session_merges AS m WHERE m.visitor_id = e.visitor_id) AS merges"
            f" FROM events AS e WHERE e.visitor_id LIKE '{name}%' GROUP BY e.visitor_id"
        )

    yield Finding(
        "`atrasada` chegou atrasada e tem uma sessão",
        any(one["late"] and one["sessions"] == 1 for one in visitors("atrasada")),
        "o ts do passo 2 é de duas horas atrás; depois: rastro tables",
    )
    yield Finding(
        "as duas sessões de `fusao` viraram uma",
        any(
            one["sessions"] == 1 and one["merges"] == 1 and one["events"] >= FUSED
            for one in visitors("fusao")
        ),
        "o terceiro evento (passo 3) tem de cair no vão entre os dois primeiros, e depois deles",
    )
    yield Finding(
        "`coruja` atravessou a meia-noite em uma sessão de dois dias",
        any(one["sessions"] == 1 and one["days"] == BOTH for one in visitors("coruja")),
        "passo 4: 23:50 e 00:10 no fuso da loja, America/Sao_Paulo",
    )
    yield Finding(
        "`pontual` ficou em uma sessão e `impaciente` em duas",
        any(one["sessions"] == 1 and one["events"] >= BOTH for one in visitors("pontual"))
        and any(one["sessions"] == BOTH for one in visitors("impaciente")),
        "passo 5: 30 minutos exatos ainda são a mesma sessão, um milissegundo a mais não; se você rodou os passos"
        " duas vezes, use outros nomes, por exemplo impaciente2",
    )


def questions(lab_stack: LabStack) -> Iterator[Finding]:
    path = lab_stack.root / "minhas-consultas" / "receita.sql"
    yield Finding(f"existe {path.name}", path.exists(), "crie o arquivo do passo 6")
    if not path.exists():
        return
    sql = path.read_text(encoding="utf-8").strip().rstrip(";")
    rows = lab_stack.rows(sql)
    asked = sum(float(row["receita"] or 0) for row in rows if "receita" in row)
    right = lab_stack.rows("SELECT sum(revenue) AS n FROM revenue WHERE currency = 'BRL'")
    yield Finding(
        "a receita por canal soma a receita em reais",
        bool(rows) and abs(asked - float(right[0]["n"] or 0)) < 0.005,
        "colunas channel e receita; só BRL; o período todo",
    )
    yield Finding(
        "a consulta tem condição de dia",
        "order_date" in sql,
        "sem order_date o Athena lê, e cobra, a história toda",
    )


def new_column(lab_stack: LabStack) -> Iterator[Finding]:
    contract = json.loads((lab_stack.root / "schemas" / "enriched.columns.json").read_text(encoding="utf-8"))
    names = {column["name"] for column in contract["columns"]}
    yield Finding(
        "shop_hour está no contrato",
        "shop_hour" in names,
        "rode: python -m enrich_consumer columns",
    )
    lines = lab_stack.root / "enriquecido.jsonl"
    rows = (
        [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
        if lines.exists()
        else []
    )
    yield Finding(
        "toda linha enriquecida tem a hora da loja",
        bool(rows) and all(0 <= row.get("shop_hour", -1) <= 23 for row in rows),
        "refaça o passo 4, que escreve enriquecido.jsonl",
    )


def environments(lab_stack: LabStack) -> Iterator[Finding]:
    folder = lab_stack.root / "cdk.out" / "loja"
    texts = (
        [path.read_text(encoding="utf-8") for path in folder.glob("*.template.json")]
        if folder.exists()
        else []
    )
    yield Finding("o ambiente loja foi sintetizado", len(texts) >= 1, "rode: python -m infra loja")
    yield Finding(
        "o stream bruto voltou a guardar 24 horas",
        any('"RetentionPeriodHours": 24' in text for text in texts)
        and not any('"RetentionPeriodHours": 48' in text for text in texts),
        "desfaça a mudança (passo 5) e sintetize de novo",
    )


def provoked_alarms(lab_stack: LabStack) -> Iterator[Finding]:
    lines = lab_stack.diary.read_text(encoding="utf-8").splitlines() if lab_stack.diary.exists() else []
    seen = [json.loads(line) for line in lines]
    for name in alarms.PROVOKED:
        states = [entry["state"] for entry in seen if entry["alarm"] == name]
        yield Finding(
            f"{name} disparou e foi resolvido",
            "ALARM" in states and states[-1] == "OK",
            f"rastro curso provocar {name}; rastro curso alarmes; conserte pelo runbook; rastro curso alarmes",
        )


def disaster(lab_stack: LabStack) -> Iterator[Finding]:
    before = lab_stack.root / "antes.csv"
    after = lab_stack.root / "depois.csv"
    both = before.exists() and after.exists()
    yield Finding("há antes.csv e depois.csv", both, "passos 1 e 3")
    yield Finding(
        "as tabelas reconstruídas são iguais às perdidas",
        both and len(before.read_text(encoding="utf-8")) > 100 and before.read_bytes() == after.read_bytes(),
        "o backfill tem de cobrir todo o período; depois dele, rastro tables",
    )
    objects = lab_stack.client("s3").list_objects_v2(
        Bucket=lab_stack.facts.bucket, Prefix=lab_stack.facts.enriched_prefix
    )
    yield Finding("a landing tem arquivos outra vez", objects["KeyCount"] > 0, "passo 3: rastro backfill")


def privacy(lab_stack: LabStack) -> Iterator[Finding]:
    masked = lab_stack.root / "mascarado.csv"
    text = masked.read_text(encoding="utf-8") if masked.exists() else ""
    yield Finding(
        "CPF, e-mail e telefone não chegaram ao lake",
        "[cpf]" in text and not any(part in text for part in ("529.982", "exemplo.com.br", "98765")),
        "o evento do passo 2, e mascarado.csv do passo 3",
    )
    consent = lab_stack.root / "consentimento.csv"
    lines = consent.read_text(encoding="utf-8").splitlines() if consent.exists() else []
    yield Finding(
        "sem consentimento, nem o cliente nem o clique estão lá",
        any(line.startswith("maria-sim,C-1001,E") for line in lines)
        and any(line.startswith("maria-nao,,,") for line in lines),
        "os dois eventos do passo 1, com e sem consentimento, e consentimento.csv do passo 3",
    )
    archive = lab_stack.root / "maria.zip"
    yield Finding(
        "o acesso deu um arquivo com os dados",
        archive.exists() and archive.stat().st_size > 0,
        "o passo 4",
    )
    yield Finding(
        "a eliminação deu um certificado, e as linhas sumiram",
        any((lab_stack.home / "erasures").glob("*.txt"))
        and not lab_stack.count("events WHERE visitor_id LIKE 'maria-%'"),
        "o passo 5, sem --dry-run",
    )


CHECKS: dict[int, tuple[str, Callable[[LabStack], Iterator[Finding]]]] = {
    1: ("o primeiro evento", first_event),
    2: ("o caminho de um evento", way_of_an_event),
    3: ("instrumentar uma loja", instrumented_shop),
    4: ("sessões", sessions),
    5: ("perguntas em SQL", questions),
    6: ("uma coluna nova em um arquivo", new_column),
    7: ("ambientes, implantação, retorno", environments),
    8: ("alarmes", provoked_alarms),
    9: ("desastre", disaster),
    10: ("LGPD e custos", privacy),
}
