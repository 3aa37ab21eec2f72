// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { addAttributeValues } from './attribute-values'
import { writeAttributes } from './encode-attributes'
import type { RequestTally } from './encode-tally'
import type { ProtobufWriter } from './protobuf-writer'
import type { LogInstrumentationScope, Resource } from './sdk-types'
import * as tags from './common-tags'

const SERVICE_NAME = Buffer.from('service.name')

/** A resource as it stands in a request. */
export class EncodedResource {
  /** The Resource message, without what stands before it. */
  readonly content: Uint8Array
  #serviceNames: readonly string[] | undefined

  constructor(content: Uint8Array) {
    this.content = content
  }

  /** What `summarizeRequest` would say of it alone. */
  get serviceNames(): readonly string[] {
    return (this.#serviceNames ??= readServiceNames(this.content))
  }
}

function readServiceNames(content: Uint8Array): string[] {
  const names = new Set<string>()
  addAttributeValues(content, 0, content.length, SERVICE_NAME, names)
  return [...names]
}

const settledResources = new WeakMap<Resource, EncodedResource>()

/** Writes the field `tag` of a request's entry: whose telemetry follows. */
export function writeResourceField(
  writer: ProtobufWriter,
  tag: number,
  resource: Resource,
  tally: RequestTally,
): void {
  const mark = writer.size
  let encoded = settledResources.get(resource)
  if (encoded) {
    writer.raw(encoded.content)
  } else {
    writer.varintField(tags.RESOURCE_DROPPED_ATTRIBUTES_COUNT, 0)
    writeAttributes(writer, tags.RESOURCE_ATTRIBUTES, resource.attributes)
    encoded = new EncodedResource(writer.bytesSince(mark))
    // Only the SDK's own resources say false, and those change no more.
    if (resource.asyncAttributesPending === false) settledResources.set(resource, encoded)
  }
  tally.addResource(encoded)
  writer.messageField(tag, mark)
}

/** Writes the field `tag` of a resource's entry: which library's telemetry follows. */
export function writeScopeField(
  writer: ProtobufWriter,
  tag: number,
  scope: LogInstrumentationScope,
): void {
  const mark = writer.size
  if (scope.droppedAttributesCount) {
    writer.varintField(tags.SCOPE_DROPPED_ATTRIBUTES_COUNT, scope.droppedAttributesCount)
  }
  writeAttributes(writer, tags.SCOPE_ATTRIBUTES, scope.attributes)
  if (scope.version) writer.stringField(tags.SCOPE_VERSION, scope.version)
  writer.stringField(tags.SCOPE_NAME, scope.name)
  writer.messageField(tag, mark)
}
