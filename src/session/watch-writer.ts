// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { queueCapacity, queueSize, spoolSize } from '../telemetry/instruments'

/** Lets whoever measures look at a writer's queues, until what it gives back is called. */
export function watchWriter(
  writer: { readonly waitingBytes: number; readonly spooledBytes: number },
  maxQueueBytes: number,
  hasSpool: boolean,
): () => void {
  const stops = [
    queueSize.watch(() => writer.waitingBytes),
    queueCapacity.watch(() => maxQueueBytes),
    ...(hasSpool ? [spoolSize.watch(() => writer.spooledBytes)] : []),
  ]
  return () => stops.forEach((stop) => stop())
}
