// Package rules is what AWS refuses of what a program declares, by kinds: values
// that its API does not take, names that its blocks do not have, documents that it
// cannot read, and properties that do not go together. It knows one resource at a
// time; what depends on others is in packages order and provider.
//
// Values and names come from facts/, which are data: constraints by property path
// from AWS's API models, the blocks of the provider's SDK, and the parameters of
// engines. What AWS says of values in prose only is a table too, documented. The
// blocks of a type are those of its properties' types, in provider/facts. The other
// kinds are tables, a row each with AWS's source, where no more precise one is
// named: the API reference of the call that makes the resource, or the schema of
// the AWS provider (terraform-provider-aws 5.100), which refuses the same before
// anything is made.
//
// What it does not reproduce: quotas, what a region has or lacks, what only a look
// at the account can tell, and what AWS minds only later, as at a destruction. What
// is not known yet, and what is empty, passes.
package rules
