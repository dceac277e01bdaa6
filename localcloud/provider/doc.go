// Package provider is the Pulumi "aws" provider of the local cloud. It speaks
// the engine's own protocol over gRPC, records every resource as the real
// provider would describe it, and hands those that have a body to it.
//
// What is required, computed, defaulted, conflicting or replacing comes from
// facts/aws-types.json, the schema of the AWS provider. Nested blocks are
// passed on without a check of their fields. Default tags are merged into
// tagsAll when inputs are checked, as the real provider does, by the
// configuration of the provider that the engine checks them with.
//
// A call is refused as AWS refuses it for what else there is: what it looks for
// and does not find (presence.go), what is there already (unique.go), what is
// protected, full or in use. Around a call the provider's own manners are acted
// out by the clock: its time-outs, what it notes late, how it waits for a group.
// Not so: quotas; the hours of eventual consistency; locks and dependencies of
// resources that were made outside the program; what refuses an update of one
// property for the value of another.
package provider
