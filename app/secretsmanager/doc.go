// Package secretsmanager reads secrets that may change while the process runs.
package secretsmanager
