// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Lets `node --require from-source.cjs src/cli/main.ts` run the command line as it
// stands in the source, in a process of its own and those that it starts.

const { readFileSync } = require('node:fs')
const { transformSync } = require('@swc/core')

const options = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
}

require.extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), { ...options, filename })
  module._compile(code, filename)
}
