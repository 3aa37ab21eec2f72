// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import protobuf from 'protobufjs'
import type { Signal } from '../../src/otlp/signal'
import { type JsonObject, seededRandom } from '../support/arbitrary-otlp'
import { requestType } from '../support/independent-decoder'
import { mapScalars } from './json-request'

/** The fields of a signal's requests that hold text or bytes that are no id, by what the .proto files say. */
export function textFieldsOf(signal: Signal): ReadonlySet<string> {
  const names = new Set<string>()
  const seen = new Set<protobuf.Type>()
  const visit = (type: protobuf.Type): void => {
    if (seen.has(type)) return
    seen.add(type)
    for (const field of type.fieldsArray) {
      if (field.type === 'string' || field.name === 'bytesValue') names.add(field.name)
      if (field.resolve().resolvedType instanceof protobuf.Type) {
        visit(field.resolvedType as protobuf.Type)
      }
    }
  }
  visit(requestType(signal))
  return names
}

/** A copy in which every text and every bytes value is what `change` makes of it. */
export function mapTexts(
  signal: Signal,
  request: JsonObject,
  change: (name: string, text: Buffer) => Buffer,
): JsonObject {
  const names = textFieldsOf(signal)
  return mapScalars(request, (name, value) => {
    if (!names.has(name)) return value
    const encoding = name === 'bytesValue' ? 'base64' : 'utf8'
    return change(name, Buffer.from(value, encoding)).toString(encoding)
  })
}

/** A copy in which about every third text has a secret in it; `planted` is told of their fields. */
export function plantSecret(
  signal: Signal,
  request: JsonObject,
  secret: string,
  seed: number,
  planted = new Set<string>(),
): JsonObject {
  const random = seededRandom(seed)
  return mapTexts(signal, request, (name, text) => {
    if (random() < 0.65) return text
    planted.add(name)
    if (name === 'bytesValue') return Buffer.concat([text, Buffer.from(secret), text])
    const letters = [...text.toString()]
    for (let times = random() < 0.3 ? 2 : 1; times > 0; times--) {
      letters.splice(Math.floor(random() * (letters.length + 1)), 0, secret)
    }
    return Buffer.from(letters.join(''))
  })
}
