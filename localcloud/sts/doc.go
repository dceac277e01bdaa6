// Package sts is the AWS Security Token Service as far as telling who signed a
// request. Temporary credentials come from package iam, as instances and functions
// get them.
//
// Not reproduced: every other operation, AssumeRole among them.
package sts
