// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type * as v from 'valibot'
import { checkOptions as checkedOptions } from '../options/check-options'
import { ReplayError } from './replay-error'

export { callback, count, expected, flag, millis } from '../options/check-options'

/**
 * The options as the schema describes them.
 *
 * @throws ReplayError of reason `InvalidConfig`, which names the first option
 *   that is wrong, its value, and what it has to be
 */
export function checkOptions<TEntries extends v.ObjectEntries>(
  entries: TEntries,
  options: unknown,
  entryPoint: string,
): v.InferOutput<v.StrictObjectSchema<TEntries, undefined>> {
  return checkedOptions(
    entries,
    options,
    (complaint) => new ReplayError('InvalidConfig', `${entryPoint}: ${complaint}`),
  )
}
