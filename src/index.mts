// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// The same modules for ECMAScript importers: one copy of the code, one state.
export * from './index.js'
