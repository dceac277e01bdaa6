package main

import (
	"encoding/json"
	"fmt"
	"time"
)

// databaseTime is how RDS writes a time, in UTC.
const databaseTime = "2006-01-02 15:04:05.000"

// databaseEvent reads an event of the subscription of RDS.
func (p place) databaseEvent(raw []byte) (notice, error) {
	var e struct {
		Source  string `json:"Source ID"`
		Time    string `json:"Event Time"`
		Message string `json:"Event Message"`
		Kind    string `json:"Event Source"`
		ID      string `json:"Event ID"`
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return notice{}, err
	}
	n := notice{
		level: event, anchor: "database-events",
		title:  "RDS: " + e.Message,
		where:  e.Kind + " " + e.Source,
		reach:  "Posting, signing in and cold feeds, if the instance is away; warm feeds come from the cache.",
		run:    fmt.Sprintf("aws rds describe-events --region %s --source-type db-instance --source-identifier %s --duration 60", p.region, e.Source),
		detail: e.ID,
	}
	n.since, _ = time.Parse(databaseTime, e.Time)
	return n, nil
}
