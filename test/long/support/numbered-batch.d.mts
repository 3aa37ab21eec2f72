// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** A request of so many spans, whose ids tell the batch's number. */
export function createBatch(number: number, spans: number): Buffer
/** Adds how many spans of each batch are in these bytes to `counts`; returns where to go on. */
export function countSpans(bytes: Buffer, counts: Map<number, number>): number
