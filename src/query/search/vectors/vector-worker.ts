// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// Runs on a thread of its own: holds the vectors of one index and goes through them.

import { parentPort, workerData } from 'node:worker_threads'
import type { PeerAnswer } from './peer'
import type { VectorRequest } from './vector-messages'
import { type Neighbours, VectorTable } from './vector-table'

// As the index starts it.
const { dimensions } = workerData as { dimensions: number }
const table = new VectorTable(dimensions)

parentPort?.on('message', (request: VectorRequest) => {
  switch (request.kind) {
    case 'add':
      return table.addAll(request.ids, request.vectors)
    case 'remove':
      return table.delete(request.id)
    case 'search':
      return answer(table.search(request.query, request.limit))
  }
})

function answer(neighbours: Neighbours): void {
  const { ids, similarities } = neighbours
  const message: PeerAnswer<Neighbours> = { answer: neighbours }
  parentPort?.postMessage(message, [ids.buffer, similarities.buffer])
}
