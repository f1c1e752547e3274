package cluster

import (
	"strconv"
	"strings"
)

// ParseInfo reads an answer to INFO, of any sections. An error is a
// *MalformedError that names the line.
func ParseInfo(text string) (Info, error) {
	var info Info
	err := eachInfoLine("INFO", text, func(heading string) {
		info.Sections = append(info.Sections, InfoSection{Name: heading})
	}, func(f InfoField) {
		if len(info.Sections) == 0 {
			info.Sections = append(info.Sections, InfoSection{})
		}
		last := &info.Sections[len(info.Sections)-1]
		if last.Fields == nil {
			last.Fields = make([]InfoField, 0, 32)
		}
		last.Fields = append(last.Fields, f)
	})
	if err != nil {
		return Info{}, err
	}
	if len(info.Sections) == 0 {
		return Info{}, malformed("INFO", "", "it holds nothing")
	}
	return info, nil
}

// maxFields is far beyond what any server tells, with all statistics of all
// commands and of sixteen databases.
const maxFields = 10_000

// eachInfoLine walks the lines of the shape that INFO and CLUSTER INFO share.
func eachInfoLine(reply, text string, heading func(string), field func(InfoField)) error {
	number, fields := 0, 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		if line = strings.TrimSuffix(line, "\r"); line == "" {
			continue
		}
		if name, ok := strings.CutPrefix(line, "#"); ok {
			heading(strings.TrimSpace(name))
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" {
			return malformed(reply, "line "+strconv.Itoa(number), "%s is not name:value", quote(line))
		}
		if fields++; fields > maxFields {
			return malformed(reply, "", "it has more than %d fields", maxFields)
		}
		field(InfoField{Name: name, Value: value})
	}
	return nil
}

// Text is the value of a field as the server sent it.
func (i Info) Text(name string) (string, bool) {
	for _, section := range i.Sections {
		if value, ok := fieldOf(section.Fields, name); ok {
			return value, true
		}
	}
	return "", false
}

// Int is the value of a field that is a whole number.
func (i Info) Int(name string) (int64, bool) {
	text, _ := i.Text(name)
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// Float is the value of a field that is a number.
func (i Info) Float(name string) (float64, bool) {
	text, _ := i.Text(name)
	return parseFloat(text)
}

// Section finds a section by name, such as "Keyspace", whatever its letters' case.
func (i Info) Section(name string) (InfoSection, bool) {
	for _, section := range i.Sections {
		if strings.EqualFold(section.Name, name) {
			return section, true
		}
	}
	return InfoSection{}, false
}

func fieldOf(fields []InfoField, name string) (string, bool) {
	for i := range fields {
		if fields[i].Name == name {
			return fields[i].Value, true
		}
	}
	return "", false
}

// parseFloat takes no "nan" and no "inf": nothing could be drawn of them.
func parseFloat(text string) (float64, bool) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f-f != 0 {
		return 0, false
	}
	return f, true
}
