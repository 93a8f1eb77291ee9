SELECT
  uri, status,
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
  SELECT uri, COALESCE(ml_generate_text_status, '') AS status, ml_generate_text_result AS _said
  FROM (
    SELECT *
    FROM ML.GENERATE_TEXT(
      MODEL `my-project.bqml_tutorial.gemini-vision`,
      (
        SELECT uri, (@prompt, ref) AS prompt
        FROM `my-project.bqml_tutorial.movie_posters`
        WHERE uri = @uri
      ),
      STRUCT(
        8192 AS max_output_tokens,
        FALSE AS flatten_json_output
      )
    )
  )
)
-- @prompt STRING
-- @uri STRING
