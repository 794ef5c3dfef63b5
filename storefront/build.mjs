/** Everything a page may load, into dist/ (or the folder that is named): scripts with the version in their names, a module, types. */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";
import { minify } from "terser";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "dist");
const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));

/** Name in dist/ → source, and the most it may weigh in bytes of gzip. */
const scripts = JSON.parse(readFileSync(join(here, "scripts.json"), "utf8"));

// Nothing is removed: pages name the files of older versions.
mkdirSync(out, { recursive: true });
const manifest = {};
for (const [name, { source, format = "iife", versioned = true, most }] of Object.entries(scripts)) {
  const file = versioned ? `${name}-${version}.js` : name;
  const made = await build({
    entryPoints: [join(here, source)],
    bundle: true,
    minify: true,
    format,
    target: "es2021",
    charset: "utf8",
    legalComments: "none",
    write: false,
    tsconfigRaw: { compilerOptions: { alwaysStrict: false } },
  });
  // A second pass takes another twentieth off, which is room for features under the limit.
  const { code } = await minify(made.outputFiles[0].text, {
    ecma: 2020,
    module: format === "esm",
    compress: { passes: 3 },
    format: { comments: false },
  });
  const bytes = Buffer.from(code);
  writeFileSync(join(out, file), bytes);
  const gzip = gzipSync(bytes, { level: 9 }).length;
  manifest[file] = { gzip, most, integrity: `sha384-${createHash("sha384").update(bytes).digest("base64")}` };
}
// Types for pages that load the script and for those that import the module.
const types = readFileSync(join(here, "src/types.ts"), "utf8");
writeFileSync(
  join(out, "rastro.d.ts"),
  `${types}
export declare const rastro: Rastro;

/** Begin; a second call does nothing. */
export declare function start(settings: Settings): void;

declare global {
  interface Window {
    rastro: Rastro;
  }
}
`,
);
writeFileSync(join(out, "manifest.json"), JSON.stringify({ version, files: manifest }, null, 2) + "\n");
console.table(Object.fromEntries(Object.entries(manifest).map(([file, { gzip, most }]) => [file, { gzip, most }])));
if (Object.values(manifest).some(({ gzip, most }) => gzip > most)) process.exitCode = 1;
