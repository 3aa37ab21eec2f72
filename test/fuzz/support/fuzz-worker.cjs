// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// A thread begins with JavaScript; the rest is TypeScript as it stands.
require('../../support/register-typescript.cjs')
require('./fuzz-worker.ts')
