// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// What users import. Everything else is inside the house. As built, each of these is
// loaded when a name of it is first read: see .bundle.mjs.

export * from './front/recording'
export * from './front/replaying'
export * from './front/receiving'
export * from './front/keeping'
export * from './front/querying'
