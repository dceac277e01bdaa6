package rules

import "slices"

// storageRules are of S3.
var storageRules = map[string][]rule{
	"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": {
		{"a key goes with KMS", "S3 API, ServerSideEncryptionByDefault", func(r *declared) {
			for _, rule := range r.elements("rules") {
				const by = "applyServerSideEncryptionByDefault."
				algorithm := rule.text(by + "sseAlgorithm")
				r.require(algorithm != "AES256" || !rule.given(by+"kmsMasterKeyId"), rule.path+"."+by+"kmsMasterKeyId",
					"is given, but the algorithm is AES256")
			}
		}},
	},
	"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2": {
		{"a rule does something, under a name of its own", "S3 API, LifecycleRule", func(r *declared) {
			ids := map[string]bool{}
			for _, rule := range r.elements("rules") {
				id := rule.text("id")
				r.require(id == "" || !ids[id], rule.path+".id", "is %q, which is there twice", id)
				r.require(len(id) <= 255, rule.path+".id", "has more than 255 characters")
				ids[id] = true
				acts := rule.count("expiration", "transitions", "noncurrentVersionExpiration",
					"noncurrentVersionTransitions", "abortIncompleteMultipartUpload")
				r.require(acts > 0, rule.path, "does nothing")
				status := rule.text("status")
				r.require(status == "" || status == "Enabled" || status == "Disabled", rule.path+".status",
					"is %q, must be Enabled or Disabled", status)
				r.transitions(rule)
				for _, path := range []string{"expiration.days", "noncurrentVersionExpiration.noncurrentDays",
					"abortIncompleteMultipartUpload.daysAfterInitiation"} {
					n, given := rule.number(path)
					r.require(!given || n >= 1, rule.path+"."+path, "is %v, must be at least 1", n)
				}
			}
		}},
	},
	"aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2": {
		{"methods are those of CORS", "S3 API, CORSRule", func(r *declared) {
			for _, rule := range r.elements("corsRules") {
				for _, method := range texts(&rule.declared, "allowedMethods") {
					r.require(slices.Contains([]string{"GET", "PUT", "POST", "DELETE", "HEAD"}, method),
						rule.path+".allowedMethods", "has %q, must be GET, PUT, POST, DELETE or HEAD", method)
				}
			}
		}},
	},
	"aws:s3/bucketReplicationConfig:BucketReplicationConfig": {
		{"existing objects are for Batch Replication",
			"S3 user guide, Replicating existing objects (terraform-provider-aws 43746: MalformedXML)", func(r *declared) {
				for _, rule := range r.elements("rules") {
					r.require(!rule.given("existingObjectReplication"), rule.path+".existingObjectReplication",
						"is given, which S3 does not take")
					filtered := rule.given("filter")
					r.require(!filtered || rule.given("deleteMarkerReplication"), rule.path+".deleteMarkerReplication",
						"is not given, which a rule with a filter needs")
					encrypted := rule.text("sourceSelectionCriteria.sseKmsEncryptedObjects.status") == "Enabled"
					r.require(!encrypted || rule.given("destination.encryptionConfiguration.replicaKmsKeyId"),
						rule.path+".destination.encryptionConfiguration",
						"has no key, but encrypted objects are replicated")
				}
			}},
	},
}

// infrequent are the classes that S3 takes an object into after thirty days only.
var infrequent = []string{"STANDARD_IA", "ONEZONE_IA"}

// transitions holds a rule of a lifecycle to its days: "'Days' in Transition action
// must be greater than or equal to 30 for storageClass 'STANDARD_IA'".
func (r *declared) transitions(rule part) {
	for list, days := range map[string]string{"transitions": "days", "noncurrentVersionTransitions": "noncurrentDays"} {
		for _, step := range rule.elements(list) {
			class := step.text("storageClass")
			n, given := step.number(days)
			r.require(!given || n >= 30 || !slices.Contains(infrequent, class), rule.path+"."+step.path+"."+days,
				"is %v, must be at least 30 for %s", n, class)
			r.require(step.count("date", "days") < 2, rule.path+"."+step.path+".date", "is given, and so is days")
		}
	}
	days, _ := rule.number("expiration.days")
	r.require(days == 0 || !rule.given("expiration.date"), rule.path+".expiration.date", "is given, and so is days")
	marker := rule.yes("expiration.expiredObjectDeleteMarker")
	r.require(!marker || days == 0 && !rule.given("expiration.date"), rule.path+".expiration.expiredObjectDeleteMarker",
		"is true, but the expiration has a time")
}
