// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import type { Signal } from '../otlp/signal'
import { type SignalTotals, signalTotalsSchema } from './totals'
import { writeJsonFile } from './on-disk/write-json-file'

/**
 * What a writer had counted when it ended and the store could not be told.
 * Without it, whoever goes on for the writer would not know what was dropped.
 */
export interface WriterAccount {
  readonly signals: Record<Signal, SignalTotals>
}

export const ACCOUNT_FILE = 'account.json'

const accountSchema = v.object({
  version: v.literal(1),
  signals: v.object({
    traces: signalTotalsSchema,
    metrics: signalTotalsSchema,
    logs: signalTotalsSchema,
  }),
})

export async function writeAccount(folder: string, { signals }: WriterAccount): Promise<void> {
  await writeJsonFile(join(folder, ACCOUNT_FILE), { version: 1, signals })
}

/** `undefined` if there is none that can be read: its writer was killed. */
export async function readAccount(folder: string): Promise<WriterAccount | undefined> {
  try {
    return v.parse(accountSchema, JSON.parse(await readFile(join(folder, ACCOUNT_FILE), 'utf8')))
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (isGone || error instanceof SyntaxError || v.isValiError(error)) return undefined
    throw error
  }
}
