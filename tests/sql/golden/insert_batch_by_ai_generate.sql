INSERT INTO `my-project.bqml_tutorial.movie_posters_results` (
  `uri`, `generation`, `object_table`, `fingerprint`, `run_id`, `attempt`, `status`, `outcome`, `error`, `text`, `finish_reason`, `input_tokens`, `output_tokens`, `output_limit`, `job_id`, `analysed_at`, `title`, `year`
)
SELECT
  uri, generation, object_table, @fingerprint, @run_id, attempt, status, outcome, error, text,
  finish_reason, input_tokens, output_tokens, CAST(NULL AS INT64), @job_id, CURRENT_TIMESTAMP(),
  `title`, `year`
FROM (
  WITH _response AS (
    SELECT
      uri, generation, object_table, attempt, status,
      (
        SELECT STRING_AGG(JSON_VALUE(_part, '$.text'), '' ORDER BY _position)
        FROM UNNEST(JSON_QUERY_ARRAY(_said, '$.candidates[0].content.parts')) AS _part WITH OFFSET AS _position
        WHERE COALESCE(JSON_VALUE(_part, '$.thought'), '') != 'true'
      ) AS text,
      COALESCE(JSON_VALUE(_said, '$.candidates[0].finish_reason'), JSON_VALUE(_said, '$.candidates[0].finishReason'), JSON_VALUE(_said, '$.prompt_feedback.block_reason'), JSON_VALUE(_said, '$.promptFeedback.blockReason')) AS finish_reason,
      SAFE_CAST(REGEXP_EXTRACT(COALESCE(JSON_VALUE(_said, '$.usage_metadata.prompt_token_count'), JSON_VALUE(_said, '$.usageMetadata.promptTokenCount')), '^[0-9]{1,18}$') AS INT64) AS input_tokens,
      IF(
        COALESCE(SAFE_CAST(REGEXP_EXTRACT(COALESCE(JSON_VALUE(_said, '$.usage_metadata.candidates_token_count'), JSON_VALUE(_said, '$.usageMetadata.candidatesTokenCount')), '^[0-9]{1,18}$') AS INT64), SAFE_CAST(REGEXP_EXTRACT(COALESCE(JSON_VALUE(_said, '$.usage_metadata.thoughts_token_count'), JSON_VALUE(_said, '$.usageMetadata.thoughtsTokenCount')), '^[0-9]{1,18}$') AS INT64)) IS NULL,
        NULL,
        COALESCE(SAFE_CAST(REGEXP_EXTRACT(COALESCE(JSON_VALUE(_said, '$.usage_metadata.candidates_token_count'), JSON_VALUE(_said, '$.usageMetadata.candidatesTokenCount')), '^[0-9]{1,18}$') AS INT64), 0) + COALESCE(SAFE_CAST(REGEXP_EXTRACT(COALESCE(JSON_VALUE(_said, '$.usage_metadata.thoughts_token_count'), JSON_VALUE(_said, '$.usageMetadata.thoughtsTokenCount')), '^[0-9]{1,18}$') AS INT64), 0)
      ) AS output_tokens
    FROM (
      SELECT uri, generation, object_table, attempt, COALESCE(answer.status, '') AS status, answer.full_response AS _said
      FROM (
        SELECT
          uri, generation, object_table, attempt,
          AI.GENERATE(
            (@prompt, ref),
            endpoint => 'gemini-2.5-flash',
            connection_id => 'us.vision',
            output_schema => 'title STRING, year INT64',
            request_type => 'DEDICATED',
            model_params => JSON '{"generation_config": {"temperature": 0.2}}'
          ) AS answer
        FROM `my-project.bqml_tutorial.movie_posters_results__work_0f1e2d3c4b5a`
        WHERE batch = 3 AND run_id = @run_id AND NOT retired
      )
    )
  ), _found AS (
    SELECT *, REGEXP_EXTRACT(REGEXP_REPLACE(text, '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), '^[^{]*(?:\\{[{ ]*[^{ "}][^{]*)*[{ ]*(\\{ *(?:"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"(?:[^{}\\[\\]"]+|"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"|[\\[{](?:[^{}\\[\\]"]+|"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"|[\\[{](?:[^{}\\[\\]"]+|"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"|[\\[{](?:[^{}\\[\\]"]+|"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"|[\\[{](?:[^{}\\[\\]"]+|"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"|[\\[{](?:[^{}\\[\\]"]+|"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"|[\\[{](?:[^{}\\[\\]"]+|"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"|[\\[{](?:[^{}\\[\\]"]+|"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"|[\\[{](?:[^{}\\[\\]"]+|"[^"\\\\]*(?:\\\\.[^"\\\\]*)*")*[\\]}])*[\\]}])*[\\]}])*[\\]}])*[\\]}])*[\\]}])*[\\]}])*[\\]}])*)?\\})') AS _object
    FROM _response
  ), _parsed AS (
    SELECT
      *,
      IF(
        REGEXP_CONTAINS(REGEXP_REPLACE(_object, '"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"', '""'), ', *[}\\]]|[nN][aA][nN]|[iI][nN][fF]|[0-9]{100}|[eE][+-]?[0-9]{3}'),
        NULL,
        SAFE.PARSE_JSON(_object, wide_number_mode => 'round')
      ) AS _json
    FROM _found
  ), _values AS (
    SELECT
      *,
      CASE
        WHEN REGEXP_CONTAINS(status, '(?i)a retryable error occurred') THEN 'RETRYABLE'
        WHEN REGEXP_CONTAINS(status, '(?i)quota[ _]?exceeded|exceeded[^.:]{0,40} quota') THEN 'QUOTA'
        WHEN REGEXP_CONTAINS(status, '(?i)resource[ _]?exhausted|unavailable|deadline[ _]?exceeded|^internal|internal (?:server )?error|(?:^|http|code|status|error)[ :=]{0,3}(?:429|5[0-9][0-9])(?:[^0-9]|$)') THEN 'RETRYABLE'
        WHEN REGEXP_CONTAINS(status, '(?i)publisher model [^ ]{1,300} (?:was )?not found') THEN 'PERMISSION'
        WHEN REGEXP_CONTAINS(status, '(?i)^ *(?:invalid[ _]argument|not[ _]found)') THEN 'INPUT'
        WHEN REGEXP_CONTAINS(status, '(?i)permission[ _]?denied|does not have|^access denied') THEN 'PERMISSION'
        WHEN REGEXP_CONTAINS(status, '(?i)invalid[ _]?argument|not[ _]?found|unsupported|mime|too large|exceeds the (?:size|maximum)|(?:invalid|corrupt|empty|(?:cannot|could not) (?:read|decode))[^.:]{0,40} (?:image|file|object)') THEN 'INPUT'
        WHEN REGEXP_CONTAINS(status, '(?i)safety|prohibited[ _]?content|recitation|responsible ai|blocked') THEN 'BLOCKED'
        WHEN REGEXP_CONTAINS(status, '[\\s\\S]') THEN 'UNKNOWN'
        WHEN REGEXP_CONTAINS(finish_reason, '^(?:SAFETY|IMAGE_SAFETY|PROHIBITED_CONTENT|IMAGE_PROHIBITED_CONTENT|RECITATION|BLOCKLIST|SPII|MODEL_ARMOR)$') THEN 'BLOCKED'
        WHEN _json IS NOT NULL THEN 'OK'
        WHEN REGEXP_CONTAINS(finish_reason, '^MAX_TOKENS$') THEN 'TRUNCATED'
        WHEN text IS NULL THEN 'BLOCKED'
        WHEN text IS NOT NULL THEN 'UNPARSABLE'
      END AS outcome,
      TO_JSON_STRING(_json.`title`) AS `_raw_title`,
      TRIM(REGEXP_REPLACE(JSON_VALUE(_json, '$.title'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_title`,
      TO_JSON_STRING(_json.`year`) AS `_raw_year`,
      TRIM(REGEXP_REPLACE(JSON_VALUE(_json, '$.year'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_year`
    FROM _parsed
  ), _typed AS (
    SELECT
      *,
      IF(STARTS_WITH(`_raw_title`, '"') OR REGEXP_CONTAINS(`_raw_title`, '^-?(?:[0-9]{1,18}|[0-9]{1,15}\\.[0-9]{1,4})$'), NULLIF(`_value_title`, ''), NULL) AS `title`,
      IF(REGEXP_CONTAINS(`_value_year`, '^[+-]?(?:[0-9]{1,18}|[0-9]{1,15}\\.0*)$'), SAFE_CAST(REGEXP_EXTRACT(`_value_year`, '^[+-]?[0-9]+') AS INT64), NULL) AS `year`
    FROM _values
  )
  SELECT
    uri, generation, object_table, attempt, status, outcome,
    CASE
      WHEN status != '' THEN status
      WHEN outcome = 'OK' THEN NULLIF(ARRAY_TO_STRING([
        IF(`title` IS NULL AND `_raw_title` != 'null' AND COALESCE(`_value_title`, '?') != '', 'title: not a STRING', NULL),
        IF(`year` IS NULL AND `_raw_year` != 'null' AND COALESCE(`_value_year`, '?') != '', 'year: not an INT64', NULL)
      ], '; '), '')
      ELSE CONCAT(
        CASE outcome WHEN 'BLOCKED' THEN 'the model gave no answer' WHEN 'TRUNCATED' THEN 'the output limit cut the answer' WHEN 'UNPARSABLE' THEN 'the answer holds no valid JSON object' END,
        COALESCE(CONCAT(' (finish reason ', finish_reason, ')'), '')
      )
    END AS error,
    text, finish_reason, input_tokens, output_tokens,
    IF(outcome = 'OK', `title`, NULL) AS `title`,
    IF(outcome = 'OK', `year`, NULL) AS `year`
  FROM _typed
)
-- @fingerprint STRING
-- @run_id STRING
-- @job_id STRING
-- @prompt STRING
