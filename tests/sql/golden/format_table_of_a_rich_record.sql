CREATE OR REPLACE TABLE `my-project.library.books_formatted` AS (
  SELECT uri, `binding`, `edition`, `printed`, `scanned`, `subjects`, `author`, `others`, outcome, error
  FROM (
    WITH _response AS (
      SELECT
        uri, status,
        _said AS text,
        CAST(NULL AS STRING) AS finish_reason,
        CAST(NULL AS INT64) AS input_tokens,
        CAST(NULL AS INT64) AS output_tokens
      FROM (
        SELECT uri, '' AS status, ml_generate_text_llm_result AS _said
        FROM (
          SELECT *
          FROM `my-project.library.books_results`
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
        TO_JSON_STRING(_json.`binding`) AS `_raw_binding`,
        TRIM(REGEXP_REPLACE(JSON_VALUE(_json, '$.binding'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_binding`,
        TO_JSON_STRING(_json.`edition`) AS `_raw_edition`,
        TRIM(REGEXP_REPLACE(JSON_VALUE(_json, '$.edition'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_edition`,
        TO_JSON_STRING(_json.`printed`) AS `_raw_printed`,
        TRIM(REGEXP_REPLACE(JSON_VALUE(_json, '$.printed'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_printed`,
        TO_JSON_STRING(_json.`scanned`) AS `_raw_scanned`,
        TRIM(REGEXP_REPLACE(JSON_VALUE(_json, '$.scanned'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_scanned`,
        TO_JSON_STRING(_json.`subjects`) AS `_raw_subjects`,
        TRIM(REGEXP_REPLACE(JSON_VALUE(_json, '$.subjects'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_subjects`,
        TO_JSON_STRING(_json.`author`) AS `_raw_author`,
        TRIM(REGEXP_REPLACE(JSON_VALUE(_json, '$.author'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_author`,
        COALESCE(TO_JSON_STRING(_json.`author`['name']), 'null') AS `_raw_7_name`,
        TRIM(REGEXP_REPLACE(JSON_VALUE(_json, '$.author.name'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_7_name`,
        TO_JSON_STRING(_json.`author`['born']) AS `_raw_8_born`,
        TRIM(REGEXP_REPLACE(JSON_VALUE(_json, '$.author.born'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_8_born`,
        TO_JSON_STRING(_json.`author`['order']) AS `_raw_9_order`,
        TRIM(REGEXP_REPLACE(JSON_VALUE(_json, '$.author.order'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_9_order`,
        TO_JSON_STRING(_json.`others`) AS `_raw_others`,
        TRIM(REGEXP_REPLACE(JSON_VALUE(_json, '$.others'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_others`
      FROM _parsed
    ), _typed AS (
      SELECT
        *,
        CASE TRANSLATE(IF(STARTS_WITH(`_raw_binding`, '"') OR REGEXP_CONTAINS(`_raw_binding`, '^-?(?:[0-9]{1,18}|[0-9]{1,15}\\.[0-9]{1,4})$'), NULLIF(`_value_binding`, ''), NULL), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
          WHEN 'hardback' THEN 'hardback'
          WHEN 'paperback' THEN 'paperback'
        END AS `binding`,
        CASE IF(REGEXP_CONTAINS(`_value_edition`, '^[+-]?(?:[0-9]{1,18}|[0-9]{1,15}\\.0*)$'), SAFE_CAST(REGEXP_EXTRACT(`_value_edition`, '^[+-]?[0-9]+') AS INT64), NULL)
          WHEN 1 THEN 1
          WHEN 2 THEN 2
        END AS `edition`,
        IF(REGEXP_CONTAINS(`_value_printed`, '^(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}$'), SAFE_CAST(`_value_printed` AS DATE), NULL) AS `printed`,
        IF(
          REGEXP_CONTAINS(`_value_scanned`, '^(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]{1,6})?)?(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?$')
          AND SAFE_CAST(CONCAT(
            SUBSTR(`_value_scanned`, 1, 16),
            COALESCE(REGEXP_EXTRACT(`_value_scanned`, '^.{16}(:[0-9.]+)'), ':00'),
            COALESCE(REGEXP_EXTRACT(`_value_scanned`, '(Z|[+-][0-9:]{5})$'), 'Z')
          ) AS TIMESTAMP) BETWEEN TIMESTAMP '0001-01-01 00:00:00+00' AND TIMESTAMP '9999-12-31 23:59:59.999999+00',
          SAFE_CAST(CONCAT(
            SUBSTR(`_value_scanned`, 1, 16),
            COALESCE(REGEXP_EXTRACT(`_value_scanned`, '^.{16}(:[0-9.]+)'), ':00'),
            COALESCE(REGEXP_EXTRACT(`_value_scanned`, '(Z|[+-][0-9:]{5})$'), 'Z')
          ) AS TIMESTAMP),
          NULL
        ) AS `scanned`,
        (
          SELECT AS STRUCT
            ARRAY_AGG(`_read_5_item` IGNORE NULLS ORDER BY _position) AS value,
            COALESCE(LOGICAL_OR(`_raw_5_item` != 'null' AND COALESCE(`_value_5_item`, '?') != '' AND NOT (`_read_5_item` IS NOT NULL)), FALSE) AS lost,
            COALESCE(STRING_AGG(CONCAT(
              IF(`_read_5_item` IS NULL AND `_raw_5_item` != 'null' AND COALESCE(`_value_5_item`, '?') != '', '<5>', '')
            ), ''), '') AS wrong
          FROM (
            SELECT
              *,
              IF(STARTS_WITH(`_raw_5_item`, '"') OR REGEXP_CONTAINS(`_raw_5_item`, '^-?(?:[0-9]{1,18}|[0-9]{1,15}\\.[0-9]{1,4})$'), NULLIF(`_value_5_item`, ''), NULL) AS `_read_5_item`
            FROM (
              SELECT
                _offset AS _position, `_element_5`,
                TO_JSON_STRING(`_element_5`) AS `_raw_5_item`,
                TRIM(REGEXP_REPLACE(JSON_VALUE(`_element_5`, '$'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_5_item`
              FROM UNNEST(JSON_QUERY_ARRAY(IF(STARTS_WITH(`_raw_subjects`, '['), _json.`subjects`, NULL))) AS `_element_5` WITH OFFSET AS _offset
            )
          )
        ) AS `_read_subjects`,
        IF(STARTS_WITH(`_raw_7_name`, '"') OR REGEXP_CONTAINS(`_raw_7_name`, '^-?(?:[0-9]{1,18}|[0-9]{1,15}\\.[0-9]{1,4})$'), NULLIF(`_value_7_name`, ''), NULL) AS `_read_7_name`,
        IF(REGEXP_CONTAINS(`_value_8_born`, '^(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}$'), SAFE_CAST(`_value_8_born` AS DATE), NULL) AS `_read_8_born`,
        (
          SELECT AS STRUCT
            ARRAY_AGG(`_read_9_item` IGNORE NULLS ORDER BY _position) AS value,
            COALESCE(LOGICAL_OR(`_raw_9_item` != 'null' AND COALESCE(`_value_9_item`, '?') != '' AND NOT (`_read_9_item` IS NOT NULL)), FALSE) AS lost,
            COALESCE(STRING_AGG(CONCAT(
              IF(`_read_9_item` IS NULL AND `_raw_9_item` != 'null' AND COALESCE(`_value_9_item`, '?') != '', '<9>', '')
            ), ''), '') AS wrong
          FROM (
            SELECT
              *,
              IF(REGEXP_CONTAINS(`_value_9_item`, '^[+-]?(?:[0-9]{1,18}|[0-9]{1,15}\\.0*)$'), SAFE_CAST(REGEXP_EXTRACT(`_value_9_item`, '^[+-]?[0-9]+') AS INT64), NULL) AS `_read_9_item`
            FROM (
              SELECT
                _offset AS _position, `_element_9`,
                TO_JSON_STRING(`_element_9`) AS `_raw_9_item`,
                TRIM(REGEXP_REPLACE(JSON_VALUE(`_element_9`, '$'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_9_item`
              FROM UNNEST(JSON_QUERY_ARRAY(IF(STARTS_WITH(`_raw_9_order`, '['), _json.`author`['order'], NULL))) AS `_element_9` WITH OFFSET AS _offset
            )
          )
        ) AS `_read_9_order`,
        (
          SELECT AS STRUCT
            ARRAY_AGG(IF(STARTS_WITH(`_raw_10_item`, '{') AND `_read_11_name` IS NOT NULL, STRUCT(`_read_11_name` AS `name`, `_read_12_born` AS `born`, IF(STARTS_WITH(`_raw_13_order`, '[') AND NOT `_read_13_order`.lost, COALESCE(`_read_13_order`.value, []), NULL) AS `order`), NULL) IGNORE NULLS ORDER BY _position) AS value,
            COALESCE(LOGICAL_OR(`_raw_10_item` != 'null' AND COALESCE(`_value_10_item`, '?') != '' AND NOT (STARTS_WITH(`_raw_10_item`, '{') AND `_read_11_name` IS NOT NULL)), FALSE) AS lost,
            COALESCE(STRING_AGG(CONCAT(
              IF(`_raw_10_item` != 'null' AND COALESCE(`_value_10_item`, '?') != '' AND NOT STARTS_WITH(`_raw_10_item`, '{'), '<10>', ''),
              IF(`_read_11_name` IS NULL AND `_raw_11_name` != 'null' AND COALESCE(`_value_11_name`, '?') != '', '<11>', ''),
              IF(STARTS_WITH(`_raw_10_item`, '{') AND NOT (`_raw_11_name` != 'null' AND COALESCE(`_value_11_name`, '?') != ''), '<11->', ''),
              IF(`_read_12_born` IS NULL AND `_raw_12_born` != 'null' AND COALESCE(`_value_12_born`, '?') != '', '<12>', ''),
              IF(`_raw_13_order` != 'null' AND COALESCE(`_value_13_order`, '?') != '' AND NOT STARTS_WITH(`_raw_13_order`, '['), '<13>', ''),
              `_read_13_order`.wrong
            ), ''), '') AS wrong
          FROM (
            SELECT
              *,
              IF(STARTS_WITH(`_raw_11_name`, '"') OR REGEXP_CONTAINS(`_raw_11_name`, '^-?(?:[0-9]{1,18}|[0-9]{1,15}\\.[0-9]{1,4})$'), NULLIF(`_value_11_name`, ''), NULL) AS `_read_11_name`,
              IF(REGEXP_CONTAINS(`_value_12_born`, '^(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}$'), SAFE_CAST(`_value_12_born` AS DATE), NULL) AS `_read_12_born`,
              (
                SELECT AS STRUCT
                  ARRAY_AGG(`_read_13_item` IGNORE NULLS ORDER BY _position) AS value,
                  COALESCE(LOGICAL_OR(`_raw_13_item` != 'null' AND COALESCE(`_value_13_item`, '?') != '' AND NOT (`_read_13_item` IS NOT NULL)), FALSE) AS lost,
                  COALESCE(STRING_AGG(CONCAT(
                    IF(`_read_13_item` IS NULL AND `_raw_13_item` != 'null' AND COALESCE(`_value_13_item`, '?') != '', '<13>', '')
                  ), ''), '') AS wrong
                FROM (
                  SELECT
                    *,
                    IF(REGEXP_CONTAINS(`_value_13_item`, '^[+-]?(?:[0-9]{1,18}|[0-9]{1,15}\\.0*)$'), SAFE_CAST(REGEXP_EXTRACT(`_value_13_item`, '^[+-]?[0-9]+') AS INT64), NULL) AS `_read_13_item`
                  FROM (
                    SELECT
                      _offset AS _position, `_element_13`,
                      TO_JSON_STRING(`_element_13`) AS `_raw_13_item`,
                      TRIM(REGEXP_REPLACE(JSON_VALUE(`_element_13`, '$'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_13_item`
                    FROM UNNEST(JSON_QUERY_ARRAY(IF(STARTS_WITH(`_raw_13_order`, '['), `_element_10`.`order`, NULL))) AS `_element_13` WITH OFFSET AS _offset
                  )
                )
              ) AS `_read_13_order`
            FROM (
              SELECT
                _offset AS _position, `_element_10`,
                TO_JSON_STRING(`_element_10`) AS `_raw_10_item`,
                TRIM(REGEXP_REPLACE(JSON_VALUE(`_element_10`, '$'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_10_item`,
                COALESCE(TO_JSON_STRING(`_element_10`.`name`), 'null') AS `_raw_11_name`,
                TRIM(REGEXP_REPLACE(JSON_VALUE(`_element_10`, '$.name'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_11_name`,
                TO_JSON_STRING(`_element_10`.`born`) AS `_raw_12_born`,
                TRIM(REGEXP_REPLACE(JSON_VALUE(`_element_10`, '$.born'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_12_born`,
                TO_JSON_STRING(`_element_10`.`order`) AS `_raw_13_order`,
                TRIM(REGEXP_REPLACE(JSON_VALUE(`_element_10`, '$.order'), '[\\x{0000}-\\x{001F}\\x{007F}-\\x{00A0}\\x{061C}-\\x{061C}\\x{1680}-\\x{1680}\\x{2000}-\\x{200B}\\x{200E}-\\x{200F}\\x{2028}-\\x{202F}\\x{205F}-\\x{205F}\\x{2066}-\\x{2069}\\x{3000}-\\x{3000}\\x{FEFF}-\\x{FEFF}]', ' '), ' ') AS `_value_13_order`
              FROM UNNEST(JSON_QUERY_ARRAY(IF(STARTS_WITH(`_raw_others`, '['), _json.`others`, NULL))) AS `_element_10` WITH OFFSET AS _offset
            )
          )
        ) AS `_read_others`
      FROM _values
    )
    SELECT
      uri, status, outcome,
      CASE
        WHEN status != '' THEN status
        WHEN outcome = 'OK' THEN NULLIF(ARRAY_TO_STRING([
          IF(`binding` IS NULL AND `_raw_binding` != 'null' AND COALESCE(`_value_binding`, '?') != '', 'binding: not one of its 2 values', NULL),
          IF(`edition` IS NULL AND `_raw_edition` != 'null' AND COALESCE(`_value_edition`, '?') != '', 'edition: not one of its 2 values', NULL),
          IF(`printed` IS NULL AND `_raw_printed` != 'null' AND COALESCE(`_value_printed`, '?') != '', 'printed: not a DATE', NULL),
          IF(`scanned` IS NULL AND `_raw_scanned` != 'null' AND COALESCE(`_value_scanned`, '?') != '', 'scanned: not a TIMESTAMP', NULL),
          IF(`_raw_subjects` != 'null' AND COALESCE(`_value_subjects`, '?') != '' AND NOT STARTS_WITH(`_raw_subjects`, '[') OR STRPOS(`_read_subjects`.wrong, '<5>') > 0, 'subjects: not an ARRAY<STRING>', NULL),
          IF(`_raw_author` != 'null' AND COALESCE(`_value_author`, '?') != '' AND NOT STARTS_WITH(`_raw_author`, '{'), 'author: not a STRUCT', NULL),
          IF(`_read_7_name` IS NULL AND `_raw_7_name` != 'null' AND COALESCE(`_value_7_name`, '?') != '', 'author.name: not a STRING', NULL),
          IF(STARTS_WITH(`_raw_author`, '{') AND NOT (`_raw_7_name` != 'null' AND COALESCE(`_value_7_name`, '?') != ''), 'author.name: no value', NULL),
          IF(`_read_8_born` IS NULL AND `_raw_8_born` != 'null' AND COALESCE(`_value_8_born`, '?') != '', 'author.born: not a DATE', NULL),
          IF(`_raw_9_order` != 'null' AND COALESCE(`_value_9_order`, '?') != '' AND NOT STARTS_WITH(`_raw_9_order`, '[') OR STRPOS(`_read_9_order`.wrong, '<9>') > 0, 'author.order: not an ARRAY<INT64>', NULL),
          IF(`_raw_others` != 'null' AND COALESCE(`_value_others`, '?') != '' AND NOT STARTS_WITH(`_raw_others`, '[') OR STRPOS(`_read_others`.wrong, '<10>') > 0, 'others: not an ARRAY<STRUCT>', NULL),
          IF(STRPOS(`_read_others`.wrong, '<11>') > 0, 'others.name: not a STRING', NULL),
          IF(STRPOS(`_read_others`.wrong, '<11->') > 0, 'others.name: no value', NULL),
          IF(STRPOS(`_read_others`.wrong, '<12>') > 0, 'others.born: not a DATE', NULL),
          IF(STRPOS(`_read_others`.wrong, '<13>') > 0, 'others.order: not an ARRAY<INT64>', NULL)
        ], '; '), '')
        ELSE CONCAT(
          CASE outcome WHEN 'BLOCKED' THEN 'the model gave no answer' WHEN 'TRUNCATED' THEN 'the output limit cut the answer' WHEN 'UNPARSABLE' THEN 'the answer holds no valid JSON object' END,
          COALESCE(CONCAT(' (finish reason ', finish_reason, ')'), '')
        )
      END AS error,
      text, finish_reason, input_tokens, output_tokens,
      IF(outcome = 'OK', `binding`, NULL) AS `binding`,
      IF(outcome = 'OK', `edition`, NULL) AS `edition`,
      IF(outcome = 'OK', `printed`, NULL) AS `printed`,
      IF(outcome = 'OK', `scanned`, NULL) AS `scanned`,
      IF(outcome = 'OK', IF(STARTS_WITH(`_raw_subjects`, '[') AND NOT `_read_subjects`.lost, COALESCE(`_read_subjects`.value, []), NULL), NULL) AS `subjects`,
      IF(outcome = 'OK', IF(STARTS_WITH(`_raw_author`, '{') AND `_read_7_name` IS NOT NULL, STRUCT(`_read_7_name` AS `name`, `_read_8_born` AS `born`, IF(STARTS_WITH(`_raw_9_order`, '[') AND NOT `_read_9_order`.lost, COALESCE(`_read_9_order`.value, []), NULL) AS `order`), NULL), NULL) AS `author`,
      IF(outcome = 'OK', IF(STARTS_WITH(`_raw_others`, '[') AND NOT `_read_others`.lost, COALESCE(`_read_others`.value, []), NULL), NULL) AS `others`
    FROM _typed
  )
)
