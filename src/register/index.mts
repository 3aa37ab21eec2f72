// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import './index.js'
