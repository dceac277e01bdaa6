package main

import (
	"os"

	"newsfeed/localcloud/paper"
)

// compare prints what the working tree changes against a commit: the report on
// standard output, fit to be posted, and on standard error what is being done.
func (s *system) compare(base string) error {
	c := paper.Comparison{Dir: s.cli.Project, Base: base, Color: "never", Log: os.Stderr}
	if terminal(os.Stdout) && os.Getenv("NO_COLOR") == "" {
		c.Color = "always"
	}
	report, err := c.Run(s.ctx)
	if err != nil {
		return err
	}
	report.Write(os.Stdout)
	return report.Err()
}

func terminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
