// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { ensureTimeGrowsWithLength } from '../fuzz/support/growth'
import { prepare, targets } from '../fuzz/targets'

// Eight times as long as in the short form, where what grows slowly shows. Takes about a minute.
const LONG_BYTES = 96 * 1024

beforeAll(prepare)

test.each(targets)('$name', async (target) => {
  await ensureTimeGrowsWithLength(target, LONG_BYTES)
})
