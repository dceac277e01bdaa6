// Package facts is the schema of the AWS provider, as it is read by the provider of
// the local cloud and by the rules that hold a program's values to it. It does not
// hold what AWS refuses: that is in package rules.
package facts

import _ "embed" // the schema below

// AWSTypes is the schema: JSON, by Pulumi type token.
//
//go:embed aws-types.json
var AWSTypes []byte
