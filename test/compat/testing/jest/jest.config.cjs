// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

'use strict'

module.exports = {
  rootDir: __dirname,
  testMatch: ['**/*.test.cjs', '**/*.test.mjs'],
  moduleFileExtensions: ['js', 'mjs', 'cjs', 'json'],
  transform: {},
}
