// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { MessageChannel, type MessagePort } from 'node:worker_threads'

/** Below this many bytes, the garbage collector takes memory back for less than a call costs. */
const MIN_RELEASED_BYTES = 32 * 1024

/** In which memory bodies lie, and how many of them have not been released. */
const unreleased = new WeakMap<ArrayBufferLike, number>()
let closedPort: MessagePort | undefined

/**
 * Says of a body, once, that nobody will read it again. With the last body of a block, the
 * block's memory is freed at once: every view of it is empty then. Bodies that are not of a
 * block of ours, and blocks of which not all bodies are released, are left to the garbage
 * collector.
 *
 * Which could free them all, but when? A replay fills its limit of external memory so fast that
 * it ended up marking the whole heap every 20 MB, for a third of all that the replay cost.
 */
export function releaseBody(body: Uint8Array): void {
  const memory = body.buffer
  const left = unreleased.get(memory)
  if (left === undefined) return
  if (left > 1) {
    unreleased.set(memory, left - 1)
    return
  }
  unreleased.delete(memory)
  free(memory)
}

/** Makes the `bodyCount` bodies that lie in `content`, and nothing else, releasable. */
export function makeReleasable(content: Buffer, bodyCount: number): void {
  const { buffer, length } = content
  // Small buffers are slices of a pool that others have slices of. zlib leaves a byte over.
  const isAlone = buffer.byteLength <= length + 1
  if (isAlone && length >= MIN_RELEASED_BYTES) unreleased.set(buffer, bodyCount)
}

/** A transfer takes memory away from its owner, and a closed port passes it on to nobody. */
function free(memory: ArrayBufferLike): void {
  // Nobody shares the memory that zlib writes to.
  if (!(memory instanceof ArrayBuffer)) return
  closedPort ??= makeClosedPort()
  closedPort.postMessage(undefined, [memory])
}

function makeClosedPort(): MessagePort {
  const { port1 } = new MessageChannel()
  port1.close()
  return port1
}
