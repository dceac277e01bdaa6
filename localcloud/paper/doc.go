// Package paper runs the real engine on paper: the provider records what the
// program declares and gives nothing a body, so that no credentials, no running
// local cloud, no MariaDB and no Redis are needed. It compares a working tree
// with a commit that way.
package paper
