CREATE OR REPLACE MODEL `my-project.bqml_tutorial.gemini-vision`
REMOTE WITH CONNECTION DEFAULT
OPTIONS (
  endpoint = 'gemini-2.5-flash'
)
