// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Command, InvalidArgumentError } from 'commander'
import type { OtlpReceiverOptions } from '../receive/receiver-options'
import { UsageError } from './usage-error'

/** What `otel-tape record` is told not to keep. */
export interface RecordScreenOptions {
  redactKey?: string[]
  redactValue?: RegExp[]
  sample?: number
}

export function addScreenOptions(command: Command): void {
  command
    .option('--redact-key <patterns...>', "attributes whose values are not kept; '*' for any text")
    .option('--redact-value <regex...>', 'what is taken out of every text', collectExpressions)
    .option('--sample <ratio>', 'keep a part of all traces, 0 to 1', parseRatio)
}

/** The same as the library takes it. */
export function screenOptionsOf({
  redactKey,
  redactValue,
  sample,
}: RecordScreenOptions): Pick<OtlpReceiverOptions, 'redact' | 'sampling'> {
  return {
    redact: { attributeKeys: redactKey, values: redactValue },
    sampling: sample === undefined ? undefined : { ratio: sample },
  }
}

/** @throws UsageError without the text, which may be a secret */
function collectExpressions(text: string, given: RegExp[] = []): RegExp[] {
  try {
    return [...given, new RegExp(text)]
  } catch (error) {
    const reason = (error as Error).message.split(': ').at(-1)
    throw new UsageError(`--redact-value has to be a regular expression: ${reason}`)
  }
}

function parseRatio(text: string): number {
  const ratio = Number(text)
  if (/^[\d.]+(e-\d+)?$/i.test(text) && ratio >= 0 && ratio <= 1) return ratio
  throw new InvalidArgumentError('Give a number from 0 to 1.')
}
