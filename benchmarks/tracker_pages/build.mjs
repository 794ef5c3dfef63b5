/** Bundles one tracker's page script: node build.mjs NAME COLLECTOR OUT [MODULE=FILE]; prints its size, gzip -9. */
import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const [name, collector, out, elsewhere] = process.argv.slice(2);
const made = await build({
  entryPoints: [`entries/${name}.js`],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2021",
  write: false,
  alias: elsewhere ? Object.fromEntries([elsewhere.split("=")]) : {},
  define: { COLLECTOR: JSON.stringify(collector), "process.env.NODE_ENV": '"production"' },
});
writeFileSync(out, made.outputFiles[0].contents);
console.log(gzipSync(made.outputFiles[0].contents, { level: 9 }).length);
