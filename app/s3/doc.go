// Package s3 keeps photos and videos on Amazon S3. Clients send and fetch them
// there directly, with addresses that this package signs.
package s3
