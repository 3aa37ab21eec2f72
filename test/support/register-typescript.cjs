// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// For the child processes that tests start: `node --require` this file, and the
// sources run as they are. Jest does the same for the tests themselves.
const { transformFileSync } = require('@swc/core')

require.extensions['.ts'] = (module, fileName) => {
  const { code } = transformFileSync(fileName, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  })
  module._compile(code, fileName)
}
