// Package awserror tells an AWS service that says no from one that doesn't answer.
// It knows nothing of what was asked.
package awserror
