// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An app that waits for what never comes: Node ends it with a code of its own.
console.log('running')
await new Promise(() => {})
