package sqs

import "newsfeed/localcloud/endpoint"

// Every code comes twice: SDKs match the JSON shape or the older query code.
func failure(code, query, message string) *endpoint.Error {
	return &endpoint.Error{Code: code, Query: query, Message: message}
}

const family = "AWS.SimpleQueueService."

var (
	errNoQueue  = failure("QueueDoesNotExist", family+"NonExistentQueue", "The specified queue does not exist.")
	errHandle   = failure("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
	errInFlight = failure("MessageNotInflight", family+"MessageNotInflight",
		"Value for parameter ReceiptHandle is invalid. Reason: Message is not in flight.")
	errOverLimit = failure("OverLimit", "OverLimit",
		"Too many messages in flight: delete some before you receive more.")
	errContents = failure("InvalidMessageContents", "InvalidMessageContents",
		"The message contains characters outside the allowed set.")
	errNoEntries = failure("EmptyBatchRequest", family+"EmptyBatchRequest",
		"There should be at least one entry in the request.")
	errManyEntries = failure("TooManyEntriesInBatchRequest", family+"TooManyEntriesInBatchRequest",
		"Maximum number of entries per request are 10.")
	errSameIDs = failure("BatchEntryIdsNotDistinct", family+"BatchEntryIdsNotDistinct",
		"Two or more batch entries in the request have the same Id.")
	errEntryID = failure("InvalidBatchEntryId", family+"InvalidBatchEntryId",
		"A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
	errBatchSize = failure("BatchRequestTooLong", family+"BatchRequestTooLong",
		"Batch requests cannot be longer than 1048576 bytes.")
)

func invalid(message string) *endpoint.Error {
	return failure("InvalidParameterValue", "InvalidParameterValue", message)
}

func missing(parameter string) *endpoint.Error {
	return failure("MissingParameter", "MissingParameter", "The request must contain the parameter "+parameter+".")
}
