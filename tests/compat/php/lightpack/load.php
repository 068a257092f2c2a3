<?php

// The classes of the checkout that LIGHTPACK_PATH names, and what stands around them here.

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    $path = str_replace(['Lightpack\\', '\\'], ['', '/'], $class);
    $file = getenv('LIGHTPACK_PATH') . "/src/Framework/$path.php";
    if (str_starts_with($class, 'Lightpack\\') && is_file($file)) {
        require $file;
    }
});
require getenv('LIGHTPACK_PATH') . '/src/Framework/utilities.php';
foreach (['connection', 'work', 'worker'] as $file) {
    require __DIR__ . "/$file.php";
}
