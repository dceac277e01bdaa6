package elb

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// action is what a listener or a rule does with a request, in the shape of
// the resource property.
type action struct {
	Type           string
	Order          int
	TargetGroupARN string `json:"targetGroupArn"`
	Forward        *struct{ TargetGroups []struct{ ARN string } }
	Redirect       *struct {
		Host, Path, Port, Protocol, Query *string
		StatusCode                        string
	}
	FixedResponse *struct{ ContentType, MessageBody, StatusCode string }
}

// final returns the action that answers: the last one in order.
func final(actions []action) (action, error) {
	if len(actions) == 0 {
		return action{}, fmt.Errorf("none given")
	}
	last := actions[0]
	for _, a := range actions[1:] {
		if a.Order >= last.Order {
			last = a
		}
	}
	for _, a := range actions {
		if a.Type != "forward" && a.Type != "redirect" && a.Type != "fixed-response" {
			return action{}, fmt.Errorf("action type %q: the local cloud knows forward, redirect and fixed-response", a.Type)
		}
	}
	switch {
	case last.Type == "forward" && last.target() == "":
		return action{}, fmt.Errorf("forward: exactly one target group must be given")
	case last.Type == "redirect" && last.Redirect == nil:
		return action{}, fmt.Errorf("redirect: the redirect block is missing")
	case last.Type == "fixed-response" && last.FixedResponse == nil:
		return action{}, fmt.Errorf("fixed-response: the fixedResponse block is missing")
	}
	return last, nil
}

// target returns the ARN of the target group that requests are forwarded to.
func (a *action) target() string {
	if a.Type == "forward" && a.TargetGroupARN == "" && a.Forward != nil && len(a.Forward.TargetGroups) == 1 {
		return a.Forward.TargetGroups[0].ARN
	}
	return a.TargetGroupARN
}

func (a *action) serve(s *Service, w http.ResponseWriter, r *http.Request, idle time.Duration) {
	switch a.Type {
	case "redirect":
		http.Redirect(w, r, a.location(r), status(a.Redirect.StatusCode, http.StatusFound))
	case "fixed-response":
		w.Header().Set("Content-Type", a.FixedResponse.ContentType)
		w.WriteHeader(status(a.FixedResponse.StatusCode, http.StatusOK))
		fmt.Fprint(w, a.FixedResponse.MessageBody)
	default:
		g, err := s.group(a.target())
		if err != nil {
			fail(w, http.StatusServiceUnavailable)
			return
		}
		g.forward(w, r, idle)
	}
}

// location fills in #{protocol}, #{host}, #{port}, #{path} and #{query}, which
// are also what absent parts default to.
func (a *action) location(r *http.Request) string {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = r.Host, arrivedPort(r)
	}
	fill := strings.NewReplacer("#{protocol}", strings.ToUpper(arrivedProtocol(r)), "#{host}", host, "#{port}", port,
		"#{path}", strings.TrimPrefix(r.URL.Path, "/"), "#{query}", r.URL.RawQuery)
	part := func(given *string, fallback string) string {
		if given == nil || *given == "" {
			return fill.Replace(fallback)
		}
		return fill.Replace(*given)
	}
	to := url.URL{
		Scheme:   strings.ToLower(part(a.Redirect.Protocol, "#{protocol}")),
		Host:     part(a.Redirect.Host, "#{host}"),
		Path:     part(a.Redirect.Path, "/#{path}"),
		RawQuery: part(a.Redirect.Query, "#{query}"),
	}
	port = part(a.Redirect.Port, "#{port}")
	if to.Scheme == "https" && port != "443" || to.Scheme == "http" && port != "80" {
		to.Host = net.JoinHostPort(to.Host, port)
	}
	return to.String()
}

// status reads "301", "HTTP_301", or is fallback.
func status(code string, fallback int) int {
	n, err := strconv.Atoi(strings.TrimPrefix(code, "HTTP_"))
	if err != nil || n < 200 || n > 599 {
		return fallback
	}
	return n
}

func arrivedProtocol(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// arrivedPort is the port of the listener that took the request.
func arrivedPort(r *http.Request) string {
	if at, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		return strconv.Itoa(at.Port)
	}
	return ""
}

// fail answers as an AWS balancer does when it has no answer of a target.
func fail(w http.ResponseWriter, code int) {
	text := fmt.Sprintf("%d %s", code, http.StatusText(code))
	w.Header().Set("Server", "awselb/2.0")
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(code)
	fmt.Fprintf(w, "<html>\n<head><title>%s</title></head>\n<body>\n<center><h1>%s</h1></center>\n</body>\n</html>\n", text, text)
}
