CREATE MODEL IF NOT EXISTS `my-project.bqml_tutorial.gemini-vision`
REMOTE WITH CONNECTION `us.film`
OPTIONS (
  endpoint = 'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/m'
)
