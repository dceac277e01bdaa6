// Package s3 is Amazon S3 as the ordinary SDK uses it with path-style
// addresses: objects as files on disk, presigned URLs and forms, CORS. An
// object is either wholly there or not: a crash leaves the old one or the new.
//
// A request without any signature is refused, as a private bucket refuses it
// on AWS: a browser needs a presigned URL or a presigned form. What was presigned
// is decided when it is used, by what its signer may do then. An object is taken to
// be encrypted with the key that its bucket has now, which whoever reads or writes
// it must be allowed to use; nothing is encrypted.
//
// Not reproduced: versions (the latest is all there is; versioning and
// lifecycle are recorded only), multipart uploads, public buckets, ACLs,
// replication, tags, storage classes, virtual-hosted addresses.
package s3
