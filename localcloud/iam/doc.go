// Package iam is who may do what in the account: roles and their policies, the
// policies of resources and keys, all read from the record of what the program
// declared; the temporary credentials of roles; and the decision whether an
// action is allowed, in the words in which AWS refuses it. It keeps a census of
// the permissions that were used.
//
// What it cannot evaluate (a policy variable, an unknown operator) is an error of
// the request, never an allow.
//
// Not reproduced: other accounts, users but the operator, groups, permissions
// boundaries, session policies, organisations' policies, grants of KMS, policy
// variables, managed policies that the program does not attach, versions of
// policies, the seconds in which a change spreads. The local endpoints stand for
// those of AWS under TLS: aws:SecureTransport is always true.
package iam
