ALTER TABLE `my-project.library.books_results`
ADD COLUMN IF NOT EXISTS `others` ARRAY<STRUCT<`name` STRING, `born` DATE, `order` ARRAY<INT64>>>
