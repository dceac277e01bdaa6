package rules

import (
	"regexp"
	"strings"
)

// messageRules are of SQS and SNS.
var messageRules = map[string][]rule{
	"aws:sqs/queue:Queue": {
		{"a queue has a name, and one of .fifo if it is one", "SQS API, CreateQueue: QueueName", func(r *declared) {
			name := r.text("name")
			fifo := strings.HasSuffix(name, ".fifo")
			r.require(name == "" || queueName.MatchString(strings.TrimSuffix(name, ".fifo")) && len(name) <= 80, "name",
				"is %q, must be at most 80 letters, digits, _ and -", name)
			r.require(name == "" || fifo == r.yes("fifoQueue"), "name", "is %q: a FIFO queue's ends with .fifo, and only its", name)
			for _, path := range []string{"contentBasedDeduplication", "deduplicationScope", "fifoThroughputLimit"} {
				v, known := r.at(path)
				r.require(r.yes("fifoQueue") || !r.given(path) || known && v.IsBool() && !v.BoolValue(), path,
					"goes with a FIFO queue only")
			}
		}},
		{"attributes have their ranges", "SQS API, SetQueueAttributes", func(r *declared) {
			for path, ends := range map[string][2]float64{"visibilityTimeoutSeconds": {0, 43200},
				"messageRetentionSeconds": {60, 1209600},
				"maxMessageSize":          {1024, 1048576}, "delaySeconds": {0, 900}, "receiveWaitTimeSeconds": {0, 20},
				"kmsDataKeyReusePeriodSeconds": {60, 86400}} {
				n, given := r.number(path)
				r.require(!given || n >= ends[0] && n <= ends[1], path, "is %v, must be from %v to %v", n, ends[0], ends[1])
			}
			r.require(!r.given("kmsMasterKeyId") || !r.yes("sqsManagedSseEnabled"), "sqsManagedSseEnabled",
				"is true, but kmsMasterKeyId is given")
		}},
	},
	"aws:sns/topic:Topic": {
		{"a topic has a name, and one of .fifo if it is one", "SNS API, CreateTopic: Name", func(r *declared) {
			name := r.text("name")
			r.require(name == "" || topicName.MatchString(strings.TrimSuffix(name, ".fifo")), "name",
				"is %q, must be at most 256 letters, digits, _ and -", name)
			r.require(name == "" || strings.HasSuffix(name, ".fifo") == r.yes("fifoTopic"), "name",
				"is %q: a FIFO topic's ends with .fifo, and only its", name)
		}},
	},
	"aws:sns/topicSubscription:TopicSubscription": {
		{"an endpoint is of its protocol", "SNS API, Subscribe: Endpoint", func(r *declared) {
			protocol, endpoint := r.text("protocol"), r.text("endpoint")
			form, known := endpoints[protocol]
			r.require(endpoint == "" || !known || form.MatchString(endpoint), "endpoint",
				"is %q, which is none of protocol %s", endpoint, protocol)
		}},
	},
	"aws:cloudwatch/eventTarget:EventTarget": {
		{"a target gets one input", "EventBridge API, PutTargets: Target", func(r *declared) {
			n := r.count("input", "inputPath", "inputTransformer")
			r.require(n <= 1, "input", "is one of input, inputPath and inputTransformer, of which %d are given", n)
		}},
	},
}

var (
	queueName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,80}$`)
	topicName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,256}$`)
	endpoints = map[string]*regexp.Regexp{
		"http": regexp.MustCompile(`^http://.+`), "https": regexp.MustCompile(`^https://.+`),
		"email":      regexp.MustCompile(`^[^@\s]+@[^@\s]+$`),
		"email-json": regexp.MustCompile(`^[^@\s]+@[^@\s]+$`), "sms": regexp.MustCompile(`^\+?[0-9]{5,15}$`),
		"sqs": regexp.MustCompile(`^arn:[\w-]+:sqs:`), "lambda": regexp.MustCompile(`^arn:[\w-]+:lambda:`),
		"firehose": regexp.MustCompile(`^arn:[\w-]+:firehose:`),
	}
)
