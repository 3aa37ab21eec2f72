// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Ingests numbered traces into the index at the path that it is given, and says of each that it is done.

import { createTraceIndex } from '../../../../src/query/search/create-trace-index'
import { makeTrace } from '../made-traces'

async function ingestForever(path: string): Promise<void> {
  const index = createTraceIndex({ path })
  await index.initialize()
  for (let number = 0; ; number++) {
    await index.ingestTrace(makeTrace(`trace-${number}`, { name: `job ${number}` }))
    process.send?.(number)
  }
}

void ingestForever(process.argv[2])
