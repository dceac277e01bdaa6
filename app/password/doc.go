// Package password makes and checks password hashes.
package password
