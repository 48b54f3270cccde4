{{/* Where pods may go: rules of a NetworkPolicy, which knows ports and addresses but no names. */}}

{{- define "onboarding.egressServers" -}}
{{- $policy := .Values.networkPolicy -}}
- to: {{ toJson $policy.dns }}
  ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
- to: {{ toJson $policy.kafka }}
  ports:
    {{- range splitList "," .Values.kafka.brokers | uniq }}
    - { port: {{ splitList ":" (trim .) | last }}, protocol: TCP }
    {{- end }}
- to: {{ toJson $policy.mongo }}
  ports:
    {{- range $policy.mongoPorts }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
{{- end }}

{{- define "onboarding.portOfUrl" -}}
{{- $url := urlParse . }}
{{- if regexMatch ":[0-9]+$" $url.host }}{{ splitList ":" $url.host | last }}
{{- else }}{{ eq $url.scheme "https" | ternary 443 80 }}{{ end }}
{{- end }}
