// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { FuzzTarget } from '../support/fuzz-target'
import { commandLineTargets } from './command-line'
import { documentTargets } from './documents'
import { nameTargets } from './names'
import { objectTargets, prepareBlocks } from './objects'
import { otlpJsonTargets } from './otlp-json'
import { otlpProtobufTargets } from './otlp-protobuf'
import { transportTargets } from './transport'

/** Every parser of what comes from outside. */
export const targets: readonly FuzzTarget[] = [
  ...otlpProtobufTargets,
  ...otlpJsonTargets,
  ...objectTargets,
  ...documentTargets,
  ...nameTargets,
  ...transportTargets,
  ...commandLineTargets,
]

/** To be waited for before the first of them is fuzzed. */
export const prepare = prepareBlocks
