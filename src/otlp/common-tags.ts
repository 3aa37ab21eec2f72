// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { fieldTag } from './field-tag'
import {
  AnyValue,
  ArrayValue,
  InstrumentationScope,
  KeyValue,
  KeyValueList,
  Resource,
} from './schema'

// What stands before each field of resources, scopes, attributes and values.

export const STRING_VALUE = fieldTag(AnyValue, 'stringValue')
export const BOOL_VALUE = fieldTag(AnyValue, 'boolValue')
export const INT_VALUE = fieldTag(AnyValue, 'intValue')
export const DOUBLE_VALUE = fieldTag(AnyValue, 'doubleValue')
export const ARRAY_VALUE = fieldTag(AnyValue, 'arrayValue')
export const KVLIST_VALUE = fieldTag(AnyValue, 'kvlistValue')
export const BYTES_VALUE = fieldTag(AnyValue, 'bytesValue')
export const ARRAY_ELEMENT = fieldTag(ArrayValue, 'values')
export const KVLIST_ENTRY = fieldTag(KeyValueList, 'values')
export const KEY = fieldTag(KeyValue, 'key')
export const VALUE = fieldTag(KeyValue, 'value')
export const RESOURCE_ATTRIBUTES = fieldTag(Resource, 'attributes')
export const RESOURCE_DROPPED_ATTRIBUTES_COUNT = fieldTag(Resource, 'droppedAttributesCount')
export const SCOPE_NAME = fieldTag(InstrumentationScope, 'name')
export const SCOPE_VERSION = fieldTag(InstrumentationScope, 'version')
export const SCOPE_ATTRIBUTES = fieldTag(InstrumentationScope, 'attributes')
export const SCOPE_DROPPED_ATTRIBUTES_COUNT = fieldTag(
  InstrumentationScope,
  'droppedAttributesCount',
)
