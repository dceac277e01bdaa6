// Package secretsmanager is AWS Secrets Manager for the ordinary SDK: reading
// secrets, and putting new versions of them. A secret is of one region, and is
// kept, unencrypted, in a file that only its owner can read.
//
// What a caller may do is asked for each action, and so is the secret's key.
//
// Not reproduced: the key that AWS makes for secrets without one, rotation by Lambda, replicas in
// other regions, the recovery window (a deleted secret is gone at once),
// making secrets by the API (the Pulumi program declares them), pages and
// filters of lists.
package secretsmanager
