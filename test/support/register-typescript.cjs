// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// For the child processes and threads that tests start: `node --require` this file, and the
// sources run as they are. Jest does the same for the tests themselves.
const { createHash } = require('node:crypto')
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs')
const { tmpdir, userInfo } = require('node:os')
const { join } = require('node:path')

/** What one process has transformed is there for the next: hundreds are started. */
const CACHE_FOLDER = join(tmpdir(), `otel-tape-transformed-${userInfo().uid}`)

require.extensions['.ts'] = (module, fileName) => {
  module._compile(transformed(readFileSync(fileName, 'utf8'), fileName), fileName)
}

function transformed(source, fileName) {
  const { version } = require('@swc/core/package.json')
  const hash = createHash('sha256').update(`${version}\0${fileName}\0${source}`).digest('hex')
  const path = join(CACHE_FOLDER, `${hash}.js`)
  try {
    return readFileSync(path, 'utf8')
  } catch {
    const code = transform(source, fileName)
    keep(code, path)
    return code
  }
}

function transform(source, filename) {
  // Loaded where it has something to do: that takes longer than most files do.
  const { transformSync } = require('@swc/core')
  const { code } = transformSync(source, {
    filename,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  })
  return code
}

/** Put there whole: another process may be reading. */
function keep(code, path) {
  const unfinished = `${path}.${process.pid}.${process.hrtime.bigint()}`
  try {
    mkdirSync(CACHE_FOLDER, { recursive: true, mode: 0o700 })
    writeFileSync(unfinished, code)
    renameSync(unfinished, path)
  } catch {
    // A folder that can't be written, or a file handle too few, as some tests arrange: the next
    // process does the work again.
  }
}
