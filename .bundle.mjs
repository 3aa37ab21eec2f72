// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Puts the front door and the command line together: loading a hundred and fifty small
// files takes three times as long as loading one. The front door becomes a file per room,
// each loaded when a name of it is first read: who records does not wait for the receiver.

import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { build } from 'esbuild'

// Loaded as packages they take as long as most of ours: of valibot little is used, and commander
// is many files. With the names of their licences.
const BUNDLED = { valibot: 'LICENSE.md', commander: 'LICENSE' }

const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
  readFileSync('package.json', 'utf8'),
)
const external = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
  .filter((name) => !(name in BUNDLED))
  .flatMap((name) => [name, `${name}/*`])

const options = {
  outbase: 'src',
  outdir: 'dist',
  // Over the module of that name that the compiler has just put there.
  allowOverwrite: true,
  bundle: true,
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
}

// Started as a process of its own, by the path that it has in dist as in src.
const SHOP_APP = './demo/shop-app'
await build({
  ...options,
  entryPoints: ['src/cli/main.ts'],
  format: 'cjs',
  external: [...external, SHOP_APP],
})

const { metafile } = await build({
  ...options,
  entryPoints: readdirSync('src/front').map((file) => `src/front/${file}`),
  // What rooms share gets into files of its own, so that a class is one class to all of
  // them. It only does that for ECMAScript modules.
  splitting: true,
  format: 'esm',
  chunkNames: 'front/shared-[hash]',
  external,
  // In an ECMAScript module it would make of `require` a function that bundlers cannot follow.
  define: { require: 'REQUIRE' },
  metafile: true,
})
const files = Object.entries(metafile.outputs).filter(([path]) => path.endsWith('.js'))
for (const [path] of files) writeFileSync(path, toCommonJs(readFileSync(path, 'utf8'), path))
for (const [path, { exports }] of files) checkNames(path, exports)
const rooms = files.filter(([, { entryPoint }]) => entryPoint)
writeFileSync('dist/index.js', frontDoor(rooms.map(([path, { exports }]) => [path, exports])))
// Of the compiler's index.js, which is no more.
rmSync('dist/index.js.map')

for (const [name, license] of Object.entries(BUNDLED))
  copyFileSync(`node_modules/${name}/${license}`, `dist/${name}.LICENSE.md`)

/**
 * The same module for `require`. Imported names become constants: esbuild's own CommonJS reads
 * them through two getters, at every use. No line moves, so that the source map stays true.
 */
function toCommonJs(code, path) {
  const imported = (names) => names.replaceAll(' as ', ': ')
  const exported = (names) => names.replaceAll(/([\w$]+) as ([\w$]+)/g, '$2: $1')
  const script = code
    .replaceAll(/^import (\{[^}]*\}) from (".+?");$/gm, (_, names, from) => {
      return `const ${imported(names)} = require(${from});`
    })
    .replaceAll(/^import (?:\* as )?(\w+) from ("node:.+?");$/gm, 'const $1 = require($2);')
    .replace(/^export (\{[^}]*\});$/m, (_, names) => `module.exports = ${exported(names)};`)
    .replaceAll(/^import (".+?");$/gm, 'require($1);')
    .replaceAll(/\bREQUIRE\(/g, 'require(')
  const left = /^(import|export)\b.*|\bREQUIRE\b/m.exec(script)
  if (left) throw new Error(`${path} has what is no CommonJS yet: ${left[0]}`)
  return `"use strict"; ${script}`
}

/** A name that is lost here would be missed at its first use alone, in an app. */
function checkNames(path, names) {
  const seen = Object.keys(createRequire(import.meta.url)(`./${path}`))
  if (seen.sort().join() !== names.toSorted().join())
    throw new Error(`${path} exports ${seen.join(', ')} instead of ${names.join(', ')}`)
}

function frontDoor(rooms) {
  const names = rooms.flatMap(([, names]) => names)
  const doors = rooms.map(([path, names]) => {
    return `open(() => require('./front/${basename(path)}'), ${JSON.stringify(names)})`
  })
  return `'use strict'
const door = module.exports
Object.defineProperty(door, '__esModule', { value: true })
function open(load, names) {
  let room
  const get = (name) => () => (room ??= load())[name]
  for (const name of names) Object.defineProperty(door, name, { enumerable: true, get: get(name) })
}
${doors.join('\n')}
// Never run: so Node learns which names an ECMAScript module can import.
0 && (module.exports = { ${names.join(', ')} })
`
}
