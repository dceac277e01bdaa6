// Package provider is the Pulumi "aws" provider of the local cloud. It speaks
// the engine's own protocol over gRPC, records every resource as the real
// provider would describe it, and hands those that have a body to it.
//
// What is required, computed, defaulted, conflicting or replacing comes from
// facts/aws-types.json, the schema of the AWS provider. Nested blocks are
// passed on without a check of their fields. Default tags are merged into
// tagsAll when inputs are checked, as the real provider does, by the
// configuration of the provider that the engine checks them with.
package provider
